import type { Browser } from 'playwright-core';

/** What a picture of a page shows, as far as a test can tell. */
export interface Picture {
  /** How many colours it has: of a page that shows nothing it is one. */
  colours: number;
  /** Of the colour that most of it has, from 0 (black) to 255 (white). */
  ground: number;
  /** Share of it that has another colour. */
  inked: number;
}

// As much of a browser as is used: the project has no types of it.
declare function fetch(url: string): Promise<{ blob(): Promise<unknown> }>;
declare function createImageBitmap(blob: unknown): Promise<{ width: number; height: number }>;
declare const OffscreenCanvas: new (
  width: number,
  height: number,
) => {
  getContext(kind: '2d'): {
    drawImage(image: unknown, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
};

/** Looks at a PNG with the browser that made it. */
export async function lookAt(browser: Browser, png: Buffer): Promise<Picture> {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async (base64) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const count = new Map<number, number>();
      for (let i = 0; i < data.length; i += 4) {
        const colour = data[i]! * 65536 + data[i + 1]! * 256 + data[i + 2]!;
        count.set(colour, (count.get(colour) ?? 0) + 1);
      }
      const [most, pixels] = [...count].reduce((a, b) => (b[1] > a[1] ? b : a));
      const ground = 0.2126 * (most >> 16) + 0.7152 * ((most >> 8) & 255) + 0.0722 * (most & 255);
      return { colours: count.size, ground, inked: 1 - pixels / (width * height) };
    }, png.toString('base64'));
  } finally {
    await page.close();
  }
}

import type { Page } from 'playwright-core';

/** What must hold of every page; each check runs in it and returns what is wrong, a line each. */

// As much of the DOM as the checks use: the project has no types of it.
interface Node {
  nodeType: number;
  textContent: string;
}
interface Element extends Node {
  tagName: string;
  id: string;
  parentElement: Element | null;
  childNodes: ArrayLike<Node>;
  getAttribute(name: string): string | null;
  closest(selector: string): Element | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): ArrayLike<Element>;
  getBoundingClientRect(): { left: number; right: number; width: number; height: number };
  checkVisibility(): boolean;
  open?: boolean;
}
declare const document: Element & { documentElement: Element & { scrollWidth: number; clientWidth: number } };
declare function getComputedStyle(element: Element): Record<string, string>;

/** Nothing that runs, and nothing that is fetched. */
export function active(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = Array.from(document.querySelectorAll('script, iframe, object, embed, img, form, base, audio, video'));
    const wrong = found.map(({ tagName }) => `<${tagName.toLowerCase()}>`);
    for (const element of Array.from(document.querySelectorAll('*'))) {
      const names = (element as unknown as { getAttributeNames(): string[] }).getAttributeNames();
      for (const name of names) {
        const value = element.getAttribute(name) ?? '';
        if (/^on/i.test(name)) wrong.push(`${element.tagName} ${name}`);
        if (/^\s*javascript:/i.test(value)) wrong.push(`${element.tagName} ${name}=${value}`);
      }
    }
    return wrong;
  });
}

/** One h1 first, no level left out, none empty; ids are unique; what is referred to is there. */
export function structure(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    const headings = Array.from(document.querySelectorAll('h1, h2, h3, h4, h5, h6'));
    let before = 0;
    for (const { tagName, textContent } of headings) {
      const level = Number(tagName[1]);
      if (level > before + 1) wrong.push(`${tagName} "${textContent}" after h${before}`);
      if (textContent.trim() === '') wrong.push(`an empty ${tagName}`);
      before = level;
    }
    if (headings.filter(({ tagName }) => tagName === 'H1').length !== 1) wrong.push('not one h1');
    const ids = Array.from(document.querySelectorAll('[id]')).map(({ id }) => id);
    for (const id of ids.filter((one, i) => ids.indexOf(one) !== i)) wrong.push(`id ${id} twice`);
    for (const element of Array.from(
      document.querySelectorAll('[aria-labelledby], [aria-describedby], a[href^="#"]'),
    )) {
      const named = element.getAttribute('aria-labelledby') ?? element.getAttribute('aria-describedby');
      const target = named ?? decodeURIComponent((element.getAttribute('href') ?? '').slice(1));
      if (!ids.includes(target)) wrong.push(`${element.tagName} refers to ${target}, which is not there`);
    }
    return wrong;
  });
}

/** Every picture says what it shows, every figure has its table, every table its name and heads, of columns or of rows. */
export function figures(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    for (const svg of Array.from(document.querySelectorAll('svg'))) {
      if (svg.getAttribute('aria-hidden') === 'true') continue;
      if (svg.getAttribute('role') !== 'img')
        wrong.push(`an svg without a role: ${svg.closest('figure')?.textContent}`);
      else if (!svg.getAttribute('aria-label')?.trim()) wrong.push('an svg without a label');
      if (!svg.closest('figure')) wrong.push(`an svg outside of a figure: ${svg.getAttribute('aria-label')}`);
    }
    for (const figure of Array.from(document.querySelectorAll('figure'))) {
      const title = figure.querySelector('figcaption')?.textContent.trim() ?? '';
      if (title === '') wrong.push('a figure without a caption');
      if (!figure.querySelector('table')) wrong.push(`figure "${title}" has no table`);
    }
    for (const table of Array.from(document.querySelectorAll('table'))) {
      const region = table.closest('[role=region]')?.getAttribute('aria-label');
      const name = (table.querySelector('caption')?.textContent ?? region ?? '').trim();
      if (name === '') wrong.push('a table without a name');
      const width = (row: Element) =>
        Array.from(row.querySelectorAll('td, th')).reduce(
          (sum, cell) => sum + Number(cell.getAttribute('colspan') ?? 1),
          0,
        );
      const head = table.querySelector('thead tr');
      for (const row of Array.from(table.querySelectorAll('tbody tr'))) {
        if (head && width(row) !== width(head))
          wrong.push(`table "${name}": a row of ${width(row)} under ${width(head)}`);
        if (!head && !row.querySelector('th[scope=row]')) wrong.push(`table "${name}": a row without a head`);
      }
    }
    return wrong;
  });
}

/** Regions have names, each another; of what scrolls by itself only regions are stops of Tab. */
export function regions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = Array.from(document.querySelectorAll('[role=region]')).map(
      (one) => one.getAttribute('aria-label') ?? '',
    );
    const twice = all.filter((name, i) => all.indexOf(name) !== i).map((name) => `region "${name}" twice`);
    const unnamed = all.filter((name) => name.trim() === '').map(() => 'a region without a name');
    const stops = Array.from(document.querySelectorAll('.scrolls[tabindex]:not([role=region])'));
    return [...twice, ...unnamed, ...stops.map(() => 'a stop of Tab that is no region')];
  });
}

/** Stops of Tab that can be seen, from the top to the end. */
export function tabStops(page: Page): Promise<number> {
  return page.evaluate(() => {
    const all = Array.from(document.querySelectorAll('a[href], summary, [tabindex="0"]'));
    return all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 0).length;
  });
}

/** Opens everything that is folded. */
export function unfold(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const details of Array.from(document.querySelectorAll('details'))) details.open = true;
  });
}

/** The page is no wider than its window; what is wider scrolls by itself. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = Array.from(document.querySelectorAll('body *')).filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1 && !element.closest('.scrolls, pre'),
    );
    const names = wide.slice(0, 5).map((one) => `${one.tagName} "${one.textContent.trim().slice(0, 60)}"`);
    return [`${scrollWidth} in ${clientWidth}: ${names.join('; ')}`];
  });
}

/**
 * Text whose contrast to what is behind it is too low: 4.5 to 1, large text 3 to 1 (WCAG 2.2, 1.4.3). Behind text in a picture is
 * what is behind the picture.
 */
export function contrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = [number, number, number, number];
    // What a browser computes: rgb(1, 2, 3), rgba(1, 2, 3, 0.5), color(srgb 0.1 0.2 0.3 / 0.5).
    const parse = (text: string): Colour | null => {
      const numbers = (/^(?:rgba?|color)\((?:srgb )?(.*)\)$/.exec(text)?.[1] ?? '').split(/[\s,/]+/).map(Number);
      if (numbers.length < 3 || numbers.some(Number.isNaN)) return null;
      const scale = text.startsWith('color') ? 255 : 1;
      return [numbers[0]! * scale, numbers[1]! * scale, numbers[2]! * scale, numbers[3] ?? 1];
    };
    const over = (top: Colour, below: Colour): Colour => {
      const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const behind = (element: Element | null): Colour => {
      if (!element) return [255, 255, 255, 1];
      const own = parse(getComputedStyle(element).backgroundColor ?? '') ?? [0, 0, 0, 0];
      return own[3] === 1 ? own : over(own, behind(element.parentElement));
    };
    const luminance = (colour: Colour) => {
      const [r, g, b] = [colour[0], colour[1], colour[2]].map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const wrong = new Map<string, string>();
    for (const element of Array.from(document.querySelectorAll('body *'))) {
      const text = Array.from(element.childNodes)
        .filter(({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== '')
        .map(({ textContent }) => textContent.trim())
        .join(' ');
      if (text === '' || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const inPicture = element.closest('svg') !== null;
      const colour = parse((inPicture ? style.fill : style.color) ?? '');
      if (!colour) {
        wrong.set(style.fill ?? '', `"${text.slice(0, 40)}" has no colour: ${inPicture ? style.fill : style.color}`);
        continue;
      }
      const back = behind(element);
      const [light, dark] = [luminance(over(colour, back)), luminance(back)].sort((a, b) => b - a);
      const ratio = (light! + 0.05) / (dark! + 0.05);
      const size = Number.parseFloat(style.fontSize ?? '0');
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (isLarge ? 3 : 4.5)) {
        wrong.set(`${colour} on ${back}`, `"${text.slice(0, 40)}" has ${ratio.toFixed(2)} to 1: ${colour} on ${back}`);
      }
    }
    return [...wrong.values()];
  });
}

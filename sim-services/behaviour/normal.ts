/** Evaluates a polynomial, lowest coefficient first (Horner). */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i -= 1) sum = sum * x + coefficients[i]!;
  return sum;
}

const CENTRE = {
  top: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
    33430.57558358813, 2509.0809287301227,
  ],
  bottom: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
};
const MIDDLE = {
  top: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  bottom: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
};
const TAIL = {
  top: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
  ],
  bottom: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
    1.421511758316446e-7, 2.0442631033899397e-15,
  ],
};

/**
 * Quantile function of the standard normal distribution, p from 0 to 1, exclusive. Relative error about 1e-16.
 * Algorithm AS 241 (PPND16): M. J. Wichura, The Percentage Points of the Normal Distribution, Applied Statistics 37 (1988).
 */
export function inverseNormalCdf(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(r, CENTRE.top)) / polynomial(r, CENTRE.bottom);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const { top, bottom } = r <= 5 ? MIDDLE : TAIL;
  const x = r - (r <= 5 ? 1.6 : 5);
  const z = polynomial(x, top) / polynomial(x, bottom);
  return q < 0 ? -z : z;
}

/** Distribution function of the standard normal, by inverting its quantile function. Not for the hot path. */
export function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z);
  let low = 0.5;
  let high = 1;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (middle >= 1 || inverseNormalCdf(middle) > z) high = middle;
    else low = middle;
  }
  return low;
}

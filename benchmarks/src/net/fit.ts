/** How cost grows with size. */

/** A size and what it cost. */
export type Point = readonly [size: number, cost: number];

/**
 * Returns the exponent k for which cost(n) ~ n^k fits best, by least squares on logarithms. Only the larger half of the sizes
 * counts (on a logarithmic scale), because the fixed cost of a call hides how the small ones grow. NaN for fewer than two points.
 */
export function exponent(points: readonly Point[]): number {
  const sizes = points.map(([size]) => size);
  const middle = Math.sqrt(Math.min(...sizes) * Math.max(...sizes));
  const logarithms = points.filter(([size]) => size >= middle).map(([size, cost]) => [Math.log(size), Math.log(cost)]);
  const mean = (axis: 0 | 1): number =>
    logarithms.reduce((sum, point) => sum + (point[axis] as number), 0) / logarithms.length;
  const [x0, y0] = [mean(0), mean(1)];
  let xy = 0;
  let xx = 0;
  for (const [x, y] of logarithms as [number, number][]) {
    xy += (x - x0) * (y - y0);
    xx += (x - x0) ** 2;
  }
  return xy / xx;
}

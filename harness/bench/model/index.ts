export { fitModel } from './fit.ts';
export { predict } from './predict.ts';
export type { Asked, PageSize, Room } from './types.ts';

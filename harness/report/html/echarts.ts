/**
 * What is used of the chart library. All of it in one file takes a tenth of a second to load; the parts that are needed, in their
 * hundreds of files, take most of a second.
 */
export { init } from 'echarts/dist/echarts.esm.min.mjs';

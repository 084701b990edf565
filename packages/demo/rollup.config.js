import { page, program } from '../tools/rollup.js';

export default [program('server'), page('page/main')];

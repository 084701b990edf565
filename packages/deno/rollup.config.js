import { library } from '../tools/rollup.js';

export default library();

/** The view of ConvExplorer. */
import { explorer } from '../explorer.js';
import { conv } from '../layers.js';

export default explorer(conv);

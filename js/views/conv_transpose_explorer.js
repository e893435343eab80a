/** The view of ConvTransposeExplorer. */
import { explorer } from '../explorer.js';
import { convTranspose } from '../layers.js';

export default explorer(convTranspose);

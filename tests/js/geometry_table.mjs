/** Print what geometry.js says of every convolution in the sliders' domain, one JSON line each. */
import { convCoverage, convFeeds, convOutputSize, convSees } from '../../js/geometry.js';
import { LIMITS } from '../../js/conv_explorer.js';

const values = ([low, high]) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
const lines = [];
for (const input_size of values(LIMITS.input_size))
  for (const kernel_size of values(LIMITS.kernel_size))
    for (const stride of values(LIMITS.stride))
      for (const padding of values(LIMITS.padding))
        for (const dilation of values(LIMITS.dilation)) {
          const axis = { input_size, kernel_size, stride, padding, dilation };
          const size = convOutputSize(axis);
          const cells = (count, relation) => Array.from({ length: count }, (_, i) => relation(i, axis));
          const coverage = size ? convCoverage(axis).slice(padding, padding + input_size) : [];
          lines.push(JSON.stringify([axis, size, cells(size, convSees), cells(size ? input_size : 0, convFeeds), coverage]));
        }
console.log(lines.join('\n'));

// What of the package runs in a browser's Python: `npm install pyodide`, then
// `node benchmarks/pyodide.mjs PATH_TO_WHEEL`. docs/hosts.md says what came out.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const python = await loadPyodide();
python.FS.writeFile("/course.whl", readFileSync(process.argv[2]));
console.log(
  python.runPython(`
import sys, threading, zipfile
zipfile.ZipFile("/course.whl").extractall("/course")
sys.path.insert(0, "/course")
from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size, receptive_field
from unet_teach.shared.torch_messages import explain_message

assert conv_output_size(31, 3, stride=2, padding=1) == 16
assert conv_transpose_output_size(16, 3, stride=2, padding=1, output_padding=1) == 32
said = explain_message("Target 7 is out of bounds").sentence
try:
    threading.Thread(target=print).start()
    threads = "there are threads"
except RuntimeError as error:
    threads = f"no threads: {error}"
f"Python {sys.version.split()[0]}: arithmetic runs; {said!r}; {threads}"
`),
);

"""Rules that say what each operation of torch does to the dimensions of a tensor.

A rule takes an operation and the dimensions known so far, and returns the dimensions of its output,
or a list with those of each output. `table.py` says which rule belongs to which operation.
"""

from unet_teach.inspection.axes import Dims
from unet_teach.inspection.recording import Value

KnownDims = dict[Value, Dims]

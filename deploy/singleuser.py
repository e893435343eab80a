"""A student's server: `jupyterhub-singleuser`, a second of processor time sooner.

jsonschema imports rfc3987_syntax if it is there, which parses its grammar at each start (1.1 s).
Jupyter has no need of what it checks: web addresses with letters beyond ASCII in JSON documents.
"""

import sys

sys.modules["rfc3987_syntax"] = None  # as if it were not installed

from jupyterhub.singleuser import main  # noqa: E402

main()

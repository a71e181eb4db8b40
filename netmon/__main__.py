"""Hand over to the command line."""

import sys

from netmon.cli.main import main

sys.exit(main())

import sys

from tui.commands import main

sys.exit(main())

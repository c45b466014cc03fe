"""The sample service's command line, as a program."""

import importlib.util
import sys
from pathlib import Path

from chassis.cli.making import make_cli

path = Path(__file__).parent.parent / "sample" / "service.py"
spec = importlib.util.spec_from_file_location("sample_service", path)
module = importlib.util.module_from_spec(spec)
sys.modules["sample_service"] = module
spec.loader.exec_module(module)

if __name__ == "__main__":
    make_cli(module.SERVICE)()

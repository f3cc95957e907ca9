"""How JupyterLab saves a lesson that was only opened: as it was.

JupyterLab writes the kernel's version of Python into every notebook that it opens, and saves it
after two minutes. With another version than the authors' a lesson would then differ from the
course's, and `git pull` would stop at it. `make lab` gives JupyterLab this function as its
`pre_save_hook`.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any


def keep_language_info(model: dict[str, Any], path: str, contents_manager: Any) -> None:
    """Put the ``language_info`` of the file on disk back into the notebook that is to be saved.

    ``model``, ``path`` (from the server's folder) and ``contents_manager`` are what Jupyter
    Server hands to every hook of this kind. A file that is new, or no notebook, stays alone.
    """
    if model.get("type") != "notebook":
        return
    file = Path(contents_manager.root_dir) / path.strip("/")
    with suppress(OSError, ValueError, KeyError, TypeError):
        stored = json.loads(file.read_text(encoding="utf-8"))["metadata"]["language_info"]
        model["content"]["metadata"]["language_info"] = stored

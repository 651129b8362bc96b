"""What is known so far: printed row by row, and written after every row."""

import json
import re
import threading
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.gpu_rows.plan import Row
from benchmarks.gpu_rows.table import table

GOOD = ("kept", "measured")


class Report:
    """Rows end in several threads; one lock keeps their lines whole."""

    def __init__(self, folder: Path, command: str, device: str) -> None:
        self._results, self._device = folder, device
        self._lock = threading.RLock()
        self._name = device.replace(":", "-")
        self.folder = folder / "gpu-logs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows: dict[str, dict[str, Any]] = {}
        self.facts = {"command": command, "date": date.today().isoformat()}

    @property
    def json_file(self) -> Path:
        return self._results / f"gpu-{self._name}.json"

    @property
    def table_file(self) -> Path:
        return self._results / f"gpu-{self._name}.md"

    def begin(self, row: Row) -> None:
        with self._lock:
            self.rows[row.name] = {"status": "begun", "figures": {}}
            self.write()

    def hear(self, row: Row, news: dict[str, Any]) -> None:
        """A message of the row's process."""
        with self._lock:
            known = self.rows[row.name]
            known["figures"].update(news.pop("figures", {}))
            known.update(news)
            if card := known["figures"].get("card"):
                self._rename(card)
            self.write()

    def _rename(self, card: str) -> None:
        """The files are named after the card, once it is known."""
        name = re.sub(r"\W+", "-", card).strip("-").lower()
        if self._device.startswith("gpu") and name != self._name:
            self.json_file.unlink(missing_ok=True)
            self.table_file.unlink(missing_ok=True)
            self._name = name

    def end(self, row: Row, how: str, seconds: float) -> None:
        """``how`` a process ended: see `Children.run`."""
        with self._lock:
            known = self.rows.setdefault(row.name, {"figures": {}})
            known["seconds"] = round(seconds, 1)
            known["status"] = self._status(row, known, how)
            if known["status"] == "failed":
                known.setdefault("problem", how)
            print(self._line(row.name), flush=True)
            self.write()

    def _status(self, row: Row, known: dict[str, Any], how: str) -> str:
        if how in ("cut off", "not run"):
            return how
        if "problem" in known or "says" not in known:
            return "failed"
        if row.says_as is not None:
            first = self.rows.get(row.says_as, {}).get("figures", {}).get("text")
            known["kept"] = first is not None and known["figures"].get("text") == first
            if not known["kept"]:
                known["says"] += f"; {row.says_as} hears {first!r}"
        return {True: "kept", False: "broken", None: "measured"}[known.get("kept")]

    def _line(self, name: str) -> str:
        known = self.rows[name]
        says = known.get("problem") or known.get("says") or ""
        seconds = known.get("seconds", 0.0)
        return f"{known['status']:<9}{seconds:>6.1f} s  {name:<42}{says}"

    def write(self) -> None:
        """Each file appears whole: a run that is ended in between leaves the last one."""
        with self._lock:
            contents = {**self.facts, "rows": self.rows}
            texts = {
                self.json_file: json.dumps(contents, indent=1) + "\n",
                self.table_file: table(self.facts, self.rows),
            }
            for file, text in texts.items():
                partial = file.with_suffix(".part")
                partial.write_text(text)
                partial.replace(file)

    @property
    def all_good(self) -> bool:
        return all(row["status"] in GOOD for row in self.rows.values())

    def summary(self) -> str:
        counts: dict[str, int] = {}
        for row in self.rows.values():
            counts[row["status"]] = counts.get(row["status"], 0) + 1
        return ", ".join(f"{count} {status}" for status, count in counts.items())

"""The words for what printers do, as far as their energy is concerned."""

from core.text import Text
from printgate.energy import Power

POWERS: dict[Power, Text] = {
    Power.PRINTING: Text("printing"),
    Power.READY: Text("ready"),
    Power.STOPPED: Text("stands still"),
    Power.SLEEP: Text("asleep"),
    Power.OFF: Text("switched off"),
}

"""The demo: the main job on real parts, and a table of what became of each job."""

from deploy.demo.run import run

__all__ = ["run"]

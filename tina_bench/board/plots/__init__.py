"""The site's plots: each answers one question and is drawn from a table of its own.

Every function takes evidence, gives a `Plot` (or `None` where there is nothing to show), and keeps
the drawing by what it was drawn from. The rows behind it are the plot's table,
`data/plots/<name>.csv`: a page that shows a plot hands it on, and the build writes them.

Text alternatives say the key fact in a sentence or two and leave the rest to the data. Verdicts are
shown by the marker's shape as well as by its colour.
"""

from tina_bench.board.plots.answers import lengths, truncation
from tina_bench.board.plots.claims import published_against_measured
from tina_bench.board.plots.dollars import pareto
from tina_bench.board.plots.forest import forest
from tina_bench.board.plots.gains import audit_gains, gains
from tina_bench.board.plots.scores import score
from tina_bench.board.plots.spread import seeds
from tina_bench.board.plots.trainings import training

__all__ = [
    "audit_gains",
    "forest",
    "gains",
    "lengths",
    "pareto",
    "published_against_measured",
    "score",
    "seeds",
    "training",
    "truncation",
]

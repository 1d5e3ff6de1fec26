"""`checkpoints/` of a run: a folder a trial, with what it is and how far it was trained.

They are those of unfinished trials and of the best. What else lies in `checkpoints/` is not ours.
"""

from collections.abc import Iterator

from raynas.runs.run_folder import CHECKPOINTS, is_trial_id
from raynas.runs.storage import Folder
from raynas.runs.trial import read_proposal, write_proposal
from raynas.strategies import Proposal

PROPOSAL = "proposal.json"
CHECKPOINT = "last.ckpt"
ASIDE = f"{CHECKPOINT}.unreadable"
"""What a checkpoint is called that could not be read; its trial is trained from the start."""


class TrialFolders:
    """The folders of a run's trials, by their ids."""

    def __init__(self, folder: Folder, run: str) -> None:
        """Open `checkpoints/` of the run of this name, new or existing."""
        self._folder, self._run = folder / CHECKPOINTS, run
        self._folder.make()

    def __iter__(self) -> Iterator[str]:
        """Yield the ids of the trials that have a folder."""
        names = [info.base_name for info in self._folder.list()]
        return (name for name in names if is_trial_id(name, self._run))

    def __getitem__(self, trial_id: str) -> Folder:
        """Return the folder of a trial."""
        return self._folder / trial_id

    def add(self, proposal: Proposal) -> str:
        """Write what is to be trained, before it is; return its trial's id."""
        trial_id = self._id_of(proposal)
        folder = self[trial_id]
        folder.make()
        folder.keep_trying(lambda: folder.write(PROPOSAL, write_proposal(proposal)))
        return trial_id

    def proposal(self, trial_id: str, known: int) -> Proposal | None:
        """Read what is to be trained; None: a crash came before it was written.

        Raises:
            ValueError: it is damaged.
        """
        folder = self[trial_id]
        folder.sweep()
        if not folder.exists(PROPOSAL) and not folder.exists(CHECKPOINT):
            self.remove(trial_id)
            return None
        try:
            proposal = read_proposal(folder.read(PROPOSAL), known=known)
            problem = "" if self._id_of(proposal) == trial_id else "is that of another trial"
        except FileNotFoundError:
            problem = "is missing"
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            problem = f"is damaged ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
        if problem:
            raise ValueError(
                f"{folder.uri_of(PROPOSAL)}, which says what trial {trial_id} is, {problem}; put "
                "it back, or delete its folder: then another trial is proposed in its place"
            )
        return proposal

    def remove(self, trial_id: str) -> None:
        """Remove what we wrote of a trial, and its folder if nothing else is in it."""
        folder = self[trial_id]
        names = {info.base_name for info in folder.list()}
        ours = {PROPOSAL, CHECKPOINT, ASIDE}
        if names <= ours:
            folder.delete()
            return
        for name in names & ours:
            folder.delete(name)

    def _id_of(self, proposal: Proposal) -> str:
        return f"{self._run}_{proposal.number:05d}"

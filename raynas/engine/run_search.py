"""A search from its start: check, start Ray, make or open the folder (see `prepared_run`)."""

from datetime import UTC, datetime
from pathlib import Path

from raynas.data import DataSource, is_user_data, load_data, located
from raynas.engine.cluster import Room, joined
from raynas.engine.local_ray.own_ray import RaySoon
from raynas.engine.preflight import (
    check_builds,
    check_idle,
    check_loaders,
    check_minutes,
    check_no_secret,
    check_pairs,
    check_storage,
    check_strategy,
    check_trials,
    count_validation,
    ended_words,
)
from raynas.engine.prepared_run import PreparedRun, View, go
from raynas.engine.tracking import check_loggers
from raynas.engine.trials.patches import Patches
from raynas.engine.trials.printed import limited_printing
from raynas.engine.trials.process_state import kept_process_state
from raynas.options.command_options import ResumeCall
from raynas.runs.files.plain_files import refuse_links
from raynas.runs.files.uris import INSTEAD
from raynas.runs.found_network import Origin
from raynas.runs.integrity.identity import check_identity
from raynas.runs.integrity.new_run import leftovers, make_run
from raynas.runs.integrity.signature import read_code
from raynas.runs.lock import locked
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import read_run_config, read_run_file, run_file, write_run_file
from raynas.runs.run_folder import RunFolder
from raynas.runs.storage import open_folder
from raynas.runs.user_code import find_modules, install_modules
from raynas.space import LoadedSpace, load_space, load_space_source


def run_search(
    config: RunConfig,
    view: View | None = None,
    address: str | None = None,
    *,
    space: LoadedSpace | None = None,
    origin: Origin | None = None,
    soon: RaySoon | None = None,
    started: datetime | None = None,
) -> RunFolder:
    """Search, and return the run with its best architecture tested.

    A retraining is a search of a `space` with one architecture; `origin` says where it is from. A
    Ray may have begun to start `soon`. The minutes that it has are counted from when it was
    `started`: now, unless somebody waits since before.

    Raises:
        ValueError: something in the config or the address is wrong, or the run exists; no trial has
            started.
        RunFailed: every trial failed; the message names the first error.
    """
    asked = config.options if origin is None else {}  # a retraining asks for what its search did
    started = started or datetime.now(UTC)
    to_be_sized = config.to_be_sized
    config = config.resolved()
    config = config.model_copy(update={"data": located(config.data)})
    check_no_secret(config.data)
    space = space or load_space(config.space)
    data = load_data(config.data, options=config.data_options)
    strategy = config.make_strategy(space)
    check_pairs(config)
    check_idle(config, asked, space, data)
    libraries = Patches()
    with kept_process_state(), limited_printing():
        check_builds(space, data, config.training)
        check_loaders(space, data, config.training)
    check_strategy(strategy, config, space, data)
    asked_for = config.storage.rstrip("/")
    storage = open_folder(config.storage)
    config = config.model_copy(update={"storage": storage.uri})  # without the secrets of a URI
    folder = storage / config.name
    leftovers(folder)
    validation = count_validation(data, config.training)
    check_loggers(config, folder)
    check_storage(config.storage)
    say = view.say if view else _no_words
    if storage.uri != asked_for:
        say(f"The secrets in --storage are written nowhere; to go on with this run, {INSTEAD}")
    modules = _modules(config, space)
    with joined(address, say, soon) as processes:
        notice = Room(config).check()
        folder.make()
        with locked(folder) as hold:
            file = run_file(config, data.fingerprint(), validation, started, to_be_sized)
            for line in make_run(folder, config, space.source, modules, file, origin):
                say(line)
            run = RunFolder(folder, config)
            begun = PreparedRun(
                run, config, space, data, strategy, modules, libraries, processes, file
            )
            return go(begun, view, begun.ledger(hold, say), notice)


def resume_run(
    path: str,
    call: ResumeCall,
    view: View | None = None,
    soon: RaySoon | None = None,
    started: datetime | None = None,
) -> RunFolder:
    """Go on with a run, from whatever moment it ended at; `call.trials` or `minutes` extend it.

    Its minutes go on from when it was `started` again: now, unless somebody waits since before.

    Of a run that has ended nothing is done or changed, and no worker started.

    Raises:
        ValueError: there is no run folder at `path`, the run is going on somewhere, it has more
            trials already, its data set or what it was started with has changed, its record is
            damaged, its code is not this account's, or the address is wrong.
        RunFailed: every trial failed.
    """
    started, folder = started or datetime.now(UTC), open_folder(path)
    config = read_run_config(folder)
    say = view.say if view else _no_words
    finished = list(RunFolder(folder, config).trials())
    changes = {
        name: value
        for name in ("trials", "minutes", "trial_minutes")
        if (value := getattr(call, name)) is not None and value != getattr(config, name)
    }
    if not {"trials", "minutes"} & changes.keys():
        ended = ended_words(RunFolder(folder, config), finished)
        if ended is not None and call.leave_out:
            raise ValueError(f"leave_out: no trial is unfinished: {ended}")
        if ended is not None:
            say(ended)
            return RunFolder(folder, config)
    with locked(folder, say) as hold:
        if folder.local:
            refuse_links(folder.local)
        file = read_run_file(folder)
        check_trials(folder, len(finished), call.trials or config.trials)
        check_minutes(folder, file, finished, call.minutes or config.minutes)
        code = read_code(folder, trust=call.trust)
        check_identity(folder, config, file.data_fingerprint, code.source, code.modules)
        config = make_config(**{**config.model_dump(), **changes})
        file = file.resumed(started, **changes)
        install_modules(code.modules)
        space = load_space_source(code.source, config.space_name)
        data = load_data(config.data, options=config.data_options)
        _check_same_data(file.data_fingerprint, data, config)
        with joined(call.address, say, soon) as processes:
            notice = Room(config).check()
            run, strategy = RunFolder(folder, config), config.make_strategy(space)
            parts = (run, config, space, data, strategy, code.modules)
            begun = PreparedRun(*parts, Patches(), processes, file, finished, resumed=True)
            ledger = begun.ledger(hold, say)
            for number in call.leave_out:
                ledger.leave_out(number)
            if changes or file.started:  # what was refused so far has changed nothing
                write_run_file(folder, file)
            return go(begun, view, ledger, notice)


def _no_words(text: str) -> None:
    """Say nothing: nobody is there."""


def _check_same_data(fingerprint: str, data: DataSource, config: RunConfig) -> None:
    if fingerprint and fingerprint != (now := data.fingerprint()):
        raise ValueError(
            f"data set {config.data!r} has changed since the run began: it was {fingerprint}, it "
            f"is {now}; results of both would not be comparable: start another run"
        )


def _modules(config: RunConfig, space: LoadedSpace) -> bytes:
    """Return the user's modules that space and data import, zipped."""
    names = [config.data.partition(":")[0]] if is_user_data(config.data) else []
    return find_modules(space.source, names, Path(space.path).parent)

"""`ks-pos sounds`: what a machine can be heard with, and the till's sounds to try or to keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

import click

from drivers.sound.look import SoundLook, look
from drivers.sound.speaker import Speaker, Utterance
from drivers.sound.speech import Voice
from drivers.sound.tones import sounded
from drivers.sound.wav import VOLUME_MAX, Samples, joined
from pos_app.sound_desk import TUNES
from pos_app.till.sounds import Cue, sentence_of
from pos_app.till.words import Language

ALL: Final = "all"
# Between two sounds that are to be told apart.
_PAUSE_S: Final = 0.6
# What the examples in our pages cost.
_AMOUNT_WON: Final = 12_300
_AMOUNT_MAX_WON: Final = 99_999_999


@click.command()
@click.option(
    "--test",
    "cues",
    multiple=True,
    type=click.Choice([*(cue.value for cue in Cue), ALL]),
    help="Play this tone; may be given more than once.",
)
@click.option("--say", is_flag=True, help="Say what goes with it, too.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    default=Language.KOREAN.value,
    show_default=True,
)
@click.option(
    "--amount",
    "amount_won",
    type=click.IntRange(1, _AMOUNT_MAX_WON),
    default=_AMOUNT_WON,
    show_default=True,
    help="The sum that is said, in won.",
)
@click.option("--volume", type=click.IntRange(0, VOLUME_MAX), default=VOLUME_MAX, show_default=True)
@click.option(
    "--wav",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to a file instead of playing it.",
)
def sounds(
    cues: tuple[str, ...], say: bool, language: str, amount_won: int, volume: int, path: Path | None
) -> None:
    """Play the till's tones and sentences, or say what there is to play them with."""
    if not cues:
        if path is not None:
            raise click.UsageError("--wav needs a --test to write")
        _tell(look())
        return
    wanted = list(Cue) if ALL in cues else [Cue(name) for name in cues]
    spoken = Language(language) if say else None
    utterances = [
        Utterance(TUNES[cue], spoken and sentence_of(cue, spoken, amount_won), language)
        for cue in wanted
    ]
    if path is None:
        _play(utterances, volume)
    else:
        _keep(utterances, volume, path)


def _tell(seen: SoundLook) -> None:
    player = "aplay" if seen.has_player else "none (apt install alsa-utils)"
    click.echo(f"player  {player}")
    click.echo(f"cards   {', '.join(seen.cards) or 'none'}")
    ours = [each.value for each in Language if each.value in seen.languages]
    click.echo(f"voice   {', '.join(ours) or 'none (apt install espeak-ng)'}")


def _play(utterances: list[Utterance], volume: int) -> None:
    speaker = Speaker(volume, Voice())
    speaker.open()
    try:
        for utterance in utterances:
            speaker.utter(utterance, Event())
    finally:
        speaker.close()


def _keep(utterances: list[Utterance], volume: int, path: Path) -> None:
    samples = joined(_parts(utterances), _PAUSE_S).at_volume(volume)
    try:
        path.write_bytes(samples.to_wav())
    except OSError as exc:
        raise click.FileError(str(path), exc.strerror) from exc
    click.echo(f"{path}: {samples.length_s:.1f} s")


def _parts(utterances: list[Utterance]) -> Iterator[Samples]:
    voice = Voice()
    for utterance in utterances:
        if utterance.tune is not None:
            yield sounded(utterance.tune)
        if utterance.sentence is not None:
            yield voice.spoken(utterance.sentence, utterance.language)

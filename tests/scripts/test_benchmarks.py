"""What benchmarks print of given times; nothing here depends on how long anything takes."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import vqcodec
from bitstream import InputError, VqcodecError
from scripts.benchmarks import compare, prior
from scripts.benchmarks.checkout import Installation, commit_of, install
from scripts.benchmarks.inputs import RATE, sound_of, standard_picture, write_sound
from scripts.benchmarks.paired import Seconds, in_turn, pair_cells, pair_table, timed
from scripts.benchmarks.process_cost import ProcessCost, machine
from scripts.benchmarks.worker import works_of
from tests.helpers.paths import COFFEE, GOLDEN_IMAGE_MODEL, GOLDEN_SOUND_MODEL, ROOT
from vqcodec.media.sounds.recordings import read_recording
from vqcodec.prior.kernel.extension import VARIABLE, load_kernel

PAIRS = [(Seconds(1, 2), Seconds(1, 1)), (Seconds(4, 3), Seconds(1, 1)), (Seconds(6, 8), Seconds(3, 2))]


def small_sound(path: Path, samples: int = 1600) -> Path:
    """A file of noise."""
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, samples), RATE)
    return path


def cells(line: str) -> list[str]:
    """Of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip("|").split("|")]


# Pairs ---------------------------------------------------------------------------------------------------------------


def test_ways_take_turns_and_the_first_round_is_not_counted() -> None:
    done: list[str] = []

    def way(name: str) -> Callable[[], int]:
        def work() -> int:
            done.append(name)
            return len(done)

        return work

    assert in_turn([way("A"), way("B")], 2) == [(3, 4), (5, 6)]
    assert done == ["A", "B"] * 3


def test_what_work_took_is_not_negative() -> None:
    took = timed(lambda: None)()
    assert took.seconds >= 0
    assert took.cpu_seconds >= 0


def test_ratios_are_those_within_a_round() -> None:
    assert pair_cells(PAIRS) == ["4.0000", "1.0000", "2.00", "1.00", "4.00", "3.00"]


def test_a_pair_table_has_a_row_for_each_work() -> None:
    lines = pair_table(["old", "new"], {"decode": PAIRS, "encode": PAIRS[:1]}).splitlines()
    assert cells(lines[0]) == ["work", "old, s", "new, s", "times as fast", "least", "most", "in processor time"]
    assert [cells(line)[0] for line in lines[2:]] == ["decode", "encode"]


# Inputs --------------------------------------------------------------------------------------------------------------


def test_inputs_have_the_sizes_that_are_measured(tmp_path: Path) -> None:
    assert standard_picture(COFFEE).size == (768, 512)
    source = small_sound(tmp_path / "noise.wav", 1000)
    assert sum(block.shape[1] for block in sound_of([source], 2500)) == 2500
    write_sound([source], tmp_path / "longer.wav", 2500)
    assert read_recording(tmp_path / "longer.wav").samples.shape == (1, 2500)


def test_a_machine_is_said_with_its_threads() -> None:
    assert "threads used: " in machine()


# Commits -------------------------------------------------------------------------------------------------------------


def test_what_is_no_commit_is_refused() -> None:
    for name in ("no such commit", "--help"):
        with pytest.raises(InputError, match="not a commit"):
            commit_of(name)


def test_a_commit_that_cannot_be_checked_out_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(VqcodecError, match="cannot check"):
        install("0" * 40, tmp_path)


def test_arguments_are_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["compare", "main", "HEAD"])
    with pytest.raises(SystemExit) as ended:
        compare.main()
    assert ended.value.code == 2
    assert "SPEECH, PICTURE" in capsys.readouterr().err


def test_an_installed_commit_comes_first(tmp_path: Path) -> None:
    (tmp_path / "vqcodec").mkdir()
    (tmp_path / "vqcodec" / "__init__.py").write_text("print('this one')")
    environment = Installation("abc", tmp_path).environment
    command = [sys.executable, "-c", "import vqcodec"]
    found = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "this one\n"
    assert not Installation("abc", tmp_path).has_kernel


def test_tables_of_processes() -> None:
    found = [(ProcessCost(2, 2, 300), ProcessCost(1, 1, 200)), (ProcessCost(4, 4, 310), ProcessCost(1, 1, 190))]
    costs: dict[str, compare.Costs] = {"--help": found, "compress 6 pictures": found, "decompress 6 pictures": found}
    table = compare.process_table(["A", "B"], costs).splitlines()
    assert cells(table[2]) == ["`--help`", "3.0000", "1.0000", "3.00", "2.00", "4.00", "3.00", "310", "200"]
    folder = compare.folder_table(["A", "B"], costs, 6).splitlines()
    assert [cells(line)[1:] for line in folder[2:]] == [["2.00", "6.00"]] * 2


def test_every_command_reads_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    sound = small_sound(tmp_path / "noise.wav")
    inputs = compare.Inputs.written([COFFEE, COFFEE], sound, tmp_path / "inputs")
    assert len(list(inputs.folder.iterdir())) == 2
    given = compare.commands(inputs, tmp_path)
    assert list(given)[-2:] == ["compress 2 pictures", "decompress 2 pictures"]
    written = {inputs.picture, inputs.speech, inputs.folder}
    for name, arguments in given.items():
        paths = [each for each in arguments if isinstance(each, Path)]
        if "pictures" in name:
            paths.reverse()  # the target comes before the source
        assert set(paths[:1]) <= written
        written.update(paths)


def test_work_within_a_process_is_asked_for_by_name(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.effect_noise((32, 32), 30).convert("RGB").save(picture)
    inputs = compare.Inputs(picture, small_sound(tmp_path / "noise.wav"), tmp_path)
    with compare.Worker(Installation("this one", ROOT), inputs) as worker:
        assert {"picture, prior: decode", "speech, networks: encode"} <= set(worker.names)
        assert worker.seconds(worker.names[0]).seconds > 0
        with pytest.raises(VqcodecError, match="failed at this one"):
            worker.seconds("no such work")


# Priors and networks -------------------------------------------------------------------------------------------------


def test_all_works_of_a_codec_can_be_done() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    samples = np.random.default_rng(0).normal(0, 0.1, 3200).astype(np.float32)
    for model, original in ((GOLDEN_IMAGE_MODEL, (pixels,)), (GOLDEN_SOUND_MODEL, (samples, RATE))):
        for work in works_of(vqcodec.load(model), *original).values():
            work()


def test_the_kernel_is_measured_beside_numpy() -> None:
    if load_kernel() is None:
        pytest.skip("needs the compiled kernel")
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    codec = vqcodec.load(GOLDEN_IMAGE_MODEL)
    assert isinstance(codec, vqcodec.ImageCodec)
    found = prior.measured(codec, codec.encode(pixels), 2)
    assert {name: len(pairs) for name, pairs in found.items()} == {"decode": 2, "encode": 2, "code lengths": 2}


def test_without_a_kernel_there_is_nothing_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "numpy")
    codec = vqcodec.load(GOLDEN_IMAGE_MODEL)
    assert isinstance(codec, vqcodec.ImageCodec)
    with pytest.raises(InputError, match="not installed"):
        prior.measured(codec, codec.encode(np.zeros((16, 16, 3), np.uint8)), 1)


# Peers ---------------------------------------------------------------------------------------------------------------


def test_peers_are_in_megapixels_a_second() -> None:
    peers = pytest.importorskip("scripts.benchmarks.peers")
    image = Image.new("RGB", (10, 10))
    file = peers.Peer("file", lambda image: b"0" * 25, lambda data: image)
    network = peers.Peer("network", lambda image: image, lambda latents: image)
    assert peers.cost(file, [image, image])[2] == 400
    assert math.isnan(peers.cost(network, [image])[2])
    rows = peers.table([file, network], [image], 1).splitlines()[2:]
    assert [cells(row)[:2] for row in rows] == [["file", "2.00"], ["network", "-"]]


def test_without_compressai_a_line_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    peers = pytest.importorskip("scripts.benchmarks.peers")
    monkeypatch.setitem(sys.modules, "compressai", None)
    monkeypatch.setitem(sys.modules, "compressai.zoo", None)
    monkeypatch.delitem(sys.modules, "scripts.benchmarks.compressai_peers", raising=False)
    assert peers.network_peers() == []
    assert capsys.readouterr().err.startswith("CompressAI is left out")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""played_music.py - music of few voices, written as MIDI here and played by fluidsynth with a General MIDI sound font.
"""

import pathlib
import shutil
import struct
import subprocess
import tempfile

import numpy as np

RATE, SECONDS = 44100, 24
FONT = pathlib.Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
PIANO, KEYS, BASS, VOICE, FLUTE, PAD, DRUMS = 0, 4, 38, 53, 73, 89, 9  # programs, and the channel of the drums
PEDAL, VIBRATO = 64, 1


def can_play():
    return FONT.exists() and shutil.which("fluidsynth") is not None


def number(value):
    """a quantity of variable length"""
    out = [value & 127]
    while value := value >> 7:
        out.insert(0, value & 127 | 128)
    return bytes(out)


def midi(program, notes, controls=(), channel=0):
    """notes: (second, length, pitch, velocity); controls: (second, controller, value) -> track chunk, 1 tick = 1 ms"""
    events = [(0, bytes([0xC0 | channel, program]))]
    for second, length, pitch, velocity in notes:
        events.append((second, bytes([0x90 | channel, pitch, velocity])))
        events.append((second + length, bytes([0x80 | channel, pitch, 0])))
    events += [(second, bytes([0xB0 | channel, controller, value])) for second, controller, value in controls]
    track, now = b"\x00\xff\x51\x03" + (10**6).to_bytes(3, "big"), 0
    for second, event in sorted(events):
        tick = round(1000 * second)
        track += number(tick - now) + event
        now = tick
    track += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(track)) + track


def play(*tracks, font=FONT):
    """-> mono samples"""
    with tempfile.TemporaryDirectory() as name:
        song, sound = pathlib.Path(name, "song.mid"), pathlib.Path(name, "song.raw")
        song.write_bytes(b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), 1000) + b"".join(tracks))
        command = ["fluidsynth", "-ni", "-T", "raw", "-O", "s16", "-E", "little", "-r", str(RATE), "-F", sound]
        subprocess.run([*command, font, song], check=True, capture_output=True, timeout=60)
        stereo = np.frombuffer(sound.read_bytes(), "<i2").reshape(-1, 2).astype(float)
    return stereo.mean(axis=1)[: RATE * SECONDS]


def melody(random, scale, low, beat):
    """phrases that walk up and down a scale and end on a long note, with a breath behind it"""
    notes, second, step = [], .2, len(scale)
    while second < SECONDS - 3 * beat:
        for i in range(int(random.integers(5, 9))):
            length = beat * random.choice([.5, .5, 1, 1, 1.5])
            octave, place = divmod(step, len(scale))
            notes.append((second, .97 * length, low + 12 * octave + scale[place], int(random.integers(70, 105))))
            second += length
            step = int(np.clip(step + random.choice([-2, -1, -1, 1, 1, 2]), 0, 2 * len(scale)))
        notes.append((second, 2 * beat, low + 12 + scale[0], 85))
        second += 2.5 * beat
    return notes


MINOR, MAJOR = [0, 2, 3, 5, 7, 8, 10], [0, 2, 4, 5, 7, 9, 11]


def flute(random):
    return play(midi(FLUTE, melody(random, MINOR, 62, .6)))


def singer(random):
    vibrato = [(second, VIBRATO, 40) for second in range(SECONDS)]
    return play(midi(VOICE, melody(random, MAJOR, 55, .8), vibrato))


def drums(random, beat=.5):
    """bars with a fill at the end of each fourth"""
    notes, kick, snare, hat, crash, toms = [], 36, 38, 42, 49, [50, 48, 47, 45, 43, 41]
    for bar in range(int(SECONDS / beat / 4)):
        for eighth in range(8):
            second = (4 * bar + eighth / 2) * beat
            if bar % 4 == 3 and eighth >= 4:
                for k in range(2):
                    notes.append((second + k * beat / 4, .1, toms[(2 * eighth + k - 8) % 6], 110))
                continue
            notes.append((second, .1, crash if bar % 4 == 0 and eighth == 0 else hat, int(random.integers(60, 100))))
            if eighth in (0, 5) or random.random() < .15:
                notes.append((second, .1, kick, 115))
            if eighth in (2, 6) or random.random() < .1:
                notes.append((second, .1, snare, int(random.integers(70, 120))))
    return notes


def drum_solo(random):
    return play(midi(0, drums(random), channel=DRUMS))


def slow_piano(random):
    chords, notes, pedal = [[48, 55, 64], [45, 52, 60], [41, 53, 57], [43, 50, 59]], [], []
    for bar in range(SECONDS // 3):
        pedal += [(3 * bar, PEDAL, 0), (3 * bar + .1, PEDAL, 127)]
        notes += [(3 * bar + .03 * i, 2.5, pitch, 55) for i, pitch in enumerate(chords[bar % 4])]
        notes += [(3 * bar + .75 * i, .7, 12 + 12 * (i % 2) + int(random.choice(chords[bar % 4])), 65)
                  for i in range(1, 4)]
    return play(midi(PIANO, notes, pedal))


def pads(random):
    chords, notes = [[45, 52, 57, 60, 64], [41, 48, 57, 60, 65], [43, 50, 55, 59, 67], [40, 52, 55, 59, 64]], []
    for bar in range(SECONDS // 6):
        notes += [(6 * bar + float(random.uniform(0, .5)), 6.4, pitch, 80) for pitch in chords[bar % 4]]
    return play(midi(PAD, notes))


def beat(random):
    """drums, a bass and a riff, to speak over"""
    line = [(2 * bar + place, .4, [33, 33, 36, 31][bar % 4], 110) for bar in range(SECONDS // 2)
            for place in (0, .75, 1.25)]
    riff = [(2 * bar + place, .4, pitch, 90) for bar in range(SECONDS // 2) for place in (.25, .5, 1, 1.5)
            for pitch in ([57, 60, 64, 67], [57, 60, 64, 67], [60, 64, 67, 71], [55, 59, 62, 65])[bar % 4]]
    return play(midi(0, drums(random), channel=DRUMS), midi(BASS, line, channel=1), midi(KEYS, riff, channel=2))

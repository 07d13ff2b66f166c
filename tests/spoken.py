# SPDX-License-Identifier: LGPL-2.1-or-later
"""spoken.py - a sentence in ten languages, spoken by espeak-ng.
"""

import os
import shutil
import subprocess

import numpy as np

RATE = 22050
LANGUAGES = "en-gb de fr es it pl tr hi cmn ru".split()
TEXT = {
    "en-gb": "The committee met on Tuesday to discuss the new timetable for trains between the two cities. ",
    "de": "Der Ausschuss traf sich am Dienstag, um den neuen Fahrplan zwischen den beiden Städten zu besprechen. ",
    "fr": "Le comité s'est réuni mardi pour discuter du nouvel horaire des trains entre les deux villes. ",
    "es": "El comité se reunió el martes para hablar del nuevo horario de trenes entre las dos ciudades. ",
    "it": "Il comitato si è riunito martedì per discutere il nuovo orario dei treni tra le due città. ",
    "pl": "Komitet spotkał się we wtorek, aby omówić nowy rozkład jazdy pociągów między miastami. ",
    "tr": "Komite, iki şehir arasındaki yeni tren tarifesini görüşmek üzere salı günü toplandı. ",
    "hi": "समिति मंगलवार को दो शहरों के बीच "
          "नई समय सारिणी पर चर्चा करने मिली। ",
    "cmn": "委员会星期二开会讨论两个城市之间的新火车时刻表。",
    "ru": "Комитет собрался во вторник, чтобы "
          "обсудить новое расписание поездов. ",
}


def can_speak():
    return shutil.which("espeak-ng") is not None


def speak(language):
    """-> samples"""
    text = TEXT[language] * 8
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}  # AddressSanitizer stops it
    command = ["espeak-ng", "-v", language, "--stdout", text]
    out = subprocess.run(command, check=True, capture_output=True, env=environment, timeout=60).stdout
    return np.frombuffer(out[44:len(out) // 2 * 2], "<i2").astype(float)

#!/usr/bin/env python3
"""Makes visits.csv: 600 made-up hospital visits in three towns, one row a visit. Equal on every machine.

    make_csv.py FILE
"""
import math
import random
import sys

random.seed(7)
with open(sys.argv[1], "w") as file:
    file.write("town,age,weight_kg,smoker,steps,readmitted\n")
    for visit in range(600):
        town = random.choice(["Ashford", "Brook", "Brook", "Carn"])
        age = random.randint(20, 90)
        weight = random.gauss(78, 14)
        smoker = random.random() < 0.3
        steps = max(0, random.gauss(6000, 2500))
        risk = 0.06 * (age - 60) + 1.5 * smoker - 0.0004 * (steps - 6000) + random.gauss(0, 0.5)
        readmitted = random.random() < 1 / (1 + math.exp(-risk))
        shown = "" if visit % 97 == 5 else f"{weight:.1f}"  # a scale that was out of order now and then
        file.write(f"{town},{age},{shown},{'yes' if smoker else 'no'},{steps:.0f},{'yes' if readmitted else 'no'}\n")

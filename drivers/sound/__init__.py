"""Sound: tones made by code, speech by espeak-ng, both played by ALSA's aplay in processes of their
own. Knows no sale.
"""

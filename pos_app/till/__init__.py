"""What a sale is: states, events, effects, views and words. Knows no Kivy, thread or device."""

"""The till's window: draws views and sends back presses. The only room that knows Kivy."""

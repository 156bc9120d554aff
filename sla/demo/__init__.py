"""An invented company to look around in: who works there, whom it sells to, and what happened. Nothing writes here."""

"""How Iljari is put together and run: the command, the laptop's supervisor, images, migrations."""

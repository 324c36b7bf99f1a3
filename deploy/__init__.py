"""The only package that knows all the others: wiring, commands, migrations, doctor, lab."""

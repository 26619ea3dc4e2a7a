"""The commands of `suisai`, a file per errand."""

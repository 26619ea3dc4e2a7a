"""The checks of `suisai doctor`. Each yields findings, with the command that fixes a problem."""

"""The commands of `suisai`, grouped by topic."""

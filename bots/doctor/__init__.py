"""What `suisai doctor` looks at: small checks that each yield findings with what mends them."""

"""The proofs: each rule by a small story, each invariant by a checker under a seed."""

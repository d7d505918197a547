package s3store

import "time"

// Hurry makes broken connections cost less time.
func (s *Store) Hurry(stall, pause time.Duration) { s.stall, s.pause = stall, pause }

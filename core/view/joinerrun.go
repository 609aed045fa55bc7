package view

import "github.com/exhibit-forensics/exhibit/evidence"

// Run is the run itself. The caller must not change it.
func (j *Joiner) Run() *evidence.Run { return &j.j.run }

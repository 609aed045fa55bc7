package main

import (
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func (p *program) versionCommand() *cli.Command {
	return command(&cli.Command{Name: "version", Usage: "which program this is"}, 0, 0, func(*cli.Context) error {
		t := tool()
		if p.asJSON {
			return writeJSON(p.out, map[string]any{
				"name": t.Name, "version": t.Version, "sha256": t.SHA256, "format": evidence.FormatVersion,
				"protocol": t.Protocol, "os": t.OS, "arch": t.Arch, "go": runtime.Version(),
			})
		}
		return p.printf("exhibit %s %s/%s\nprogram   %s\ncase format %d, plugin protocol %d, %s\n", t.Version, t.OS, t.Arch, t.SHA256, evidence.FormatVersion, t.Protocol, runtime.Version())
	})
}

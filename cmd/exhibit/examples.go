package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// examplesOf are the examples in the help of commands whose description has none,
// by the command's words.
func examplesOf() map[string][]string {
	return map[string][]string{
		"init":           {"exhibit init ~/cases/0142 --title 'Operation X' --number 0142 --examiner 'A. Examiner'"},
		"add":            {"exhibit add /media/seized/phone --zone +08:00 --source 'phone, seized at …' --hashes SHA256SUMS", "exhibit add image.zip --expect 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "exhibit add /mnt/readonly --in-place"},
		"run":            {"exhibit run --plan", "exhibit run --jobs 2 --fail-on rejects", "exhibit run --retry"},
		"status":         {"exhibit status", "exhibit status --json | jq .records"},
		"records":        {"exhibit records --kind message --tz +08:00", "exhibit records --exhibit EX-001 --json | jq -r .text"},
		"diagnostics":    {"exhibit diagnostics", "exhibit diagnostics --json | jq -r .code | sort | uniq -c"},
		"key add":        {"exhibit key add second --at conf/enc.key:0:16 --encoding hex", "exhibit key add first --file key.bin", "printf 32bnx23l | exhibit key add published --stdin"},
		"key list":       {"exhibit key list"},
		"key find":       {"exhibit run && exhibit key find", "exhibit key find --json | jq .opens"},
		"layout propose": {"exhibit layout propose", "exhibit layout propose --out layouts.json && exhibit layout add layouts.json && exhibit run"},
		"layout add":     {"exhibit layout add layouts.json"}, "layout list": {"exhibit layout list --json"},
		"profile add": {"exhibit profile add profiles.json"}, "profile list": {"exhibit profile list"},
		"log":            {"exhibit log", "exhibit log --from 10 --all", "exhibit log --raw | sed -n 1p"},
		"seal":           {"exhibit seal --receipt receipt.txt", "exhibit seal --receipt receipt.html", "exhibit seal --identity lab", "exhibit seal --anchor tsa --tsa https://tsa.example.org/tsr", "exhibit seal --anchor witness --witness https://witness.example.org --witness-key witness.vkey"},
		"anchor list":    {"exhibit anchor list", "exhibit anchor list --json | jq '.anchors[].delay_s'"},
		"anchor send":    {"exhibit anchor send"},
		"identity new":   {"exhibit identity new lab"},
		"identity list":  {"exhibit identity list"},
		"verify":         {"exhibit verify", "exhibit verify ~/cases/0142 --receipt receipt.txt --require anchored", "exhibit verify --trust lab.vkey --json | jq .verdict", "exhibit verify --tsa-cert tsa.pem --witness witness.vkey --require anchored", "exhibit verify --replay", "exhibit verify --replay --sample 20"},
		"plugin list":    {"exhibit plugin list"},
		"plugin new":     {"exhibit plugin new acme/bird-log", "exhibit plugin new acme/box --lang python --op unpack --dir ~/plugins/box"},
		"plugin test":    {"exhibit plugin test .", "exhibit plugin test --accept .", "exhibit plugin test --only golden . -v"},
		"plugin install": {"exhibit plugin install ./plugin", "exhibit plugin install bird-log-0.2.0.zip --signer acme.pub --yes --replace"},
		"plugin docs":    {"exhibit plugin docs sms", "exhibit plugin docs --out plugins.md", "exhibit plugin docs --schema"},
		"plugin update":  {"exhibit plugin update tomskype && exhibit run"},
		"plugin why":     {"exhibit plugin why EX-001:sms.db", "exhibit plugin why EX-001/backup.tar!call.log", "exhibit plugin why ./file.bin --json | jq .needed"},
		"reindex":        {"exhibit reindex", "exhibit reindex --all"},
		"completion":     {"exhibit completion bash > /etc/bash_completion.d/exhibit"},
		"version":        {"exhibit version --json"},
		"note list":      {"exhibit note list --json"},
		"select list":    {"exhibit select list"}, "select remove": {"exhibit select remove threats"}, "select show": {"exhibit select show threats"},
		"tag list": {"exhibit tag list", "exhibit tag list relevant"}, "tag remove": {"exhibit tag remove relevant 0123456789abcdef:17"},
		"note add": {"exhibit note add 'the clock of the phone was 4 minutes fast' --about EX-001"},
	}
}

// withExamples completes the descriptions of all commands.
func withExamples(commands []*cli.Command, words string, examples map[string][]string) []*cli.Command {
	for _, c := range commands {
		name := strings.TrimSpace(words + " " + c.Name)
		withExamples(c.Subcommands, name, examples)
		if lines := examples[name]; len(lines) > 0 && !strings.Contains(c.Description, "   exhibit "+name) {
			if c.Description != "" {
				c.Description += "\n\n"
			}
			c.Description += "   " + strings.Join(lines, "\n   ")
		}
	}
	return commands
}

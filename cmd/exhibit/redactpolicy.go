package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// policyFlag names a policy: a file, or one that the program brings.
func policyFlag() cli.Flag {
	return &cli.StringFlag{Name: "policy", Usage: "redact as this `POLICY` says: a JSON file (docs/formats/policy.md), or one that comes with the program: " + strings.Join(redact.Presets(), ", ")}
}

// policy reads what --policy names.
func (p *program) policy(c *cli.Context) (*redact.Policy, error) {
	name := c.String("policy")
	if name == "" {
		return nil, usagef("%s: --policy POLICY: by which policy?", c.Command.HelpName)
	}
	text, err := policyText(name)
	if err != nil {
		return nil, err
	}
	policy, err := redact.ParsePolicy(text)
	if err != nil {
		return nil, &problem{what: "policy " + visible(name) + ": " + complaint(err), state: "Nothing was done.", try: "docs/formats/policy.md; exhibit redact policy us-filing shows one", cause: errUsage}
	}
	return policy, nil
}

// policyText is that of a policy that the program brings, else of a file: ./us-filing is one.
func policyText(name string) ([]byte, error) {
	if preset, ok := redact.Preset(name); ok {
		return preset, nil
	}
	text, err := readBounded(name, redact.MaxPolicy)
	if err != nil {
		return nil, &problem{
			what: "policy " + visible(name) + ": " + reasonOf(err).Error(), state: "Nothing was done.",
			try: "a file, or one of " + strings.Join(redact.Presets(), ", "), cause: err,
		}
	}
	return text, nil
}

// redactPolicy lists the policies that the program brings, or prints one.
func (p *program) redactPolicy(c *cli.Context) error {
	if name := c.Args().First(); name != "" {
		text, ok := redact.Preset(name)
		if !ok {
			return &problem{what: "the program brings no policy " + visible(name), try: "exhibit redact policy", cause: evidence.ErrNotFound}
		}
		_, err := p.out.Write(text)
		return err
	}
	type row struct {
		Name   string          `json:"name"`
		Title  string          `json:"title"`
		Basis  string          `json:"basis"`
		SHA256 evidence.Digest `json:"sha256"`
	}
	var list []row
	for _, name := range redact.Presets() {
		text, _ := redact.Preset(name)
		policy, err := redact.ParsePolicy(text)
		if err != nil {
			return err
		}
		list = append(list, row{name, policy.Title, policy.Basis, policy.SHA256()})
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"policies": list})
	}
	rows := [][]string{{"NAME", "SHA-256", "BASIS", "FOR"}}
	for _, r := range list {
		rows = append(rows, []string{r.Name, r.SHA256.Short(), r.Basis, r.Title})
	}
	return table(p.out, rows)
}

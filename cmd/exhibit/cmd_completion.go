package main

import "github.com/urfave/cli/v2"

func (p *program) completionCommand() *cli.Command {
	return command(&cli.Command{
		Name: "completion", Usage: "write a script that completes commands and flags", ArgsUsage: "bash|zsh|fish",
		Description: "   bash:  source <(exhibit completion bash)\n   zsh:   source <(exhibit completion zsh)\n   fish:  exhibit completion fish | source",
	}, 1, 1, func(c *cli.Context) error {
		switch c.Args().First() {
		case "bash":
			return p.printf("%s", bashCompletion)
		case "zsh":
			return p.printf("%s", zshCompletion)
		case "fish":
			script, err := c.App.ToFishCompletion()
			if err != nil {
				return err
			}
			return p.printf("%s", script)
		}
		return usagef("exhibit completion %s: bash, zsh or fish", visible(c.Args().First()))
	})
}

// Both ask the program itself, so that they need no change when commands are added.
const bashCompletion = `_exhibit() {
  local cur=${COMP_WORDS[COMP_CWORD]}
  local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  [[ $cur == -* ]] && words+=("$cur")
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$("${words[@]}" ` + completionFlag + ` 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _exhibit exhibit
`

const zshCompletion = `#compdef exhibit
_exhibit() {
  local -a opts
  local cur=${words[CURRENT]}
  if [[ $cur == -* ]]; then
    opts=("${(@f)$(${words[1,CURRENT-1]} $cur ` + completionFlag + ` 2>/dev/null)}")
  else
    opts=("${(@f)$(${words[1,CURRENT-1]} ` + completionFlag + ` 2>/dev/null)}")
  fi
  if [[ -n ${opts[1]} ]]; then
    _describe 'values' opts
  fi
  _files
}
compdef _exhibit exhibit
`

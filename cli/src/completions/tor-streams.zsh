#compdef tor-streams
# Completions of tor-streams in zsh: the program itself is asked for them.
_tor_streams() {
    # The program gets no word with quotes, variables or ~: such a word is most likely a file, which the shell completes itself.
    if [[ $words[CURRENT] == *[\\\~\$\`\'\"]* ]]; then
        _files
        return
    fi
    # The names _CLAP_... are those of the library behind the program, clap_complete, which prints a line for each completion:
    # the word and, after a colon, its help.
    local completion
    local -a dirs others
    for completion in "${(@f)$(_CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) TOR_STREAMS_COMPLETE=zsh \
        tor-streams -- "${(@)words}" 2>/dev/null)}"; do
        if [[ -z $completion ]]; then
            continue
        elif [[ ${completion%%:*} == */ ]]; then
            dirs+=("${${completion%%:*}%/}")
        else
            others+=("$completion")
        fi
    done
    (( ! $#dirs )) || _describe -V 'values' dirs -S / -r /
    (( ! $#others )) || _describe -V 'values' others
}
# In a folder of $fpath, this file is the function _tor-streams, which is called first when it is loaded.
if [[ $funcstack[1] == _tor-streams ]]; then
    _tor_streams "$@"
else
    compdef _tor_streams tor-streams
fi

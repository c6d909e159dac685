# Completions of tor-streams in bash: the program itself is asked for them.
_tor_streams() {
    # The program gets no word with quotes, variables or ~: such a word is most likely a file, which the shell completes itself.
    [[ $2 != *[\\\~\$\`\'\"]* ]] || return
    # The words before and at the cursor, the last one up to the cursor only.
    local typed=$2 option= words=() last=-1 i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        local word=${COMP_WORDS[i]}
        [[ $i != "$COMP_CWORD" || $word == = ]] || word=$typed
        # Bash takes --option=value for three words.
        if ((last > 0)) && [[ ${words[last]} == --*= || (${words[last]} == --* && $word == =) ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
    done
    [[ ${words[last]} != --*=* ]] || option=${words[last]%%=*}=
    # The names _CLAP_... are those of the library behind the program, clap_complete, which prints words with IFS between them.
    # Where bash has no compopt, the program ends a word with the space itself.
    local IFS=$'\013' space=true
    ! compopt +o nospace 2>/dev/null || space=false
    COMPREPLY=($(_CLAP_IFS=$IFS _CLAP_COMPLETE_INDEX=$last _CLAP_COMPLETE_COMP_TYPE=$COMP_TYPE \
        _CLAP_COMPLETE_SPACE=$space TOR_STREAMS_COMPLETE=bash tor-streams -- "${words[@]}"))
    # Bash keeps `--option=`, so only the value is inserted.
    COMPREPLY=("${COMPREPLY[@]#"$option"}")
    if [[ $space == false && ${COMPREPLY-} =~ [=/:]$ ]]; then
        compopt -o nospace
    fi
}
# Bash inserts a word as it is, unless it may be a file's name (filenames). A name may hold a command.
complete -o nospace -o filenames -o bashdefault -o default -F _tor_streams tor-streams
# A newer bash also keeps the program's order (nosort).
complete -o nosort -o nospace -o filenames -o bashdefault -o default -F _tor_streams tor-streams 2>/dev/null || true

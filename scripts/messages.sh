# Read by the other scripts: messages in the language of the user.

# say ENGLISH CHINESE: one line on stderr.
say() {
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    zh*) printf '%s\n' "$2" >&2 ;;
    *) printf '%s\n' "$1" >&2 ;;
    esac
}

# fail STATUS ENGLISH CHINESE
fail() {
    say "error: $2" "错误：$3"
    exit "$1"
}

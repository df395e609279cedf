import Commands

@main
struct Sitong {
    static func main() { Program.main() }
}

@main
struct Sitong {
    static func main() {}
}

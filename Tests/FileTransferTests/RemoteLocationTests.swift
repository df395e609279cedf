import Diagnostics
import FileTransfer
import Testing

@Suite("Where files are sent to")
struct RemoteLocationTests {
    @Test("a location is read, decoded and shown again")
    func reading() throws {
        let location = try RemoteLocation("sftp://stat@court.example:2222/srv/收件 箱/a%20b%25%3F/")
        #expect(location.scheme == .sftp)
        #expect(location.user == "stat")
        #expect(location.host == "court.example")
        #expect(location.port == 2222)
        #expect(location.path == "/srv/收件 箱/a b%?")
        #expect(location.displayName == "sftp://stat@court.example:2222/srv/收件 箱/a b%25%3F")
        #expect(try RemoteLocation(location.displayName) == location)
        #expect(location.appending("x/y").path == "/srv/收件 箱/a b%?/x/y")
    }

    @Test("a file URL and a plain path name the same folder")
    func folders() throws {
        #expect(try RemoteLocation("file:///srv/in%23box") == RemoteLocation("/srv/in#box/"))
        #expect(try RemoteLocation("inbox").path.hasSuffix("/inbox"))
        #expect(try RemoteLocation("file:///").appending("a").path == "/a")
        #expect(try RemoteLocation("sftp://h/~/inbox").path == "/~/inbox")
        #expect(try RemoteLocation("sftp://[::1]:22/x").host == "[::1]")
    }

    @Test("a password in a URL is refused and not repeated")
    func password() {
        for secret in ["stat:Geheim9", "stat:Geheim@9", ":Geheim9"] {
            let text = "sftp://\(secret)@court.example/in"
            let error = #expect(throws: OperationError.self) { try RemoteLocation(text) }
            #expect(error?.status == .usage)
            #expect(error?.code == "transfer-url-password")
            for language in Language.allCases { #expect(error?.text(in: language).contains("Geheim") == false) }
            #expect(error?.text(in: .en).contains("hint: ") == true)
            #expect(error?.text(in: .zh).contains("密码") == true)
        }
    }

    @Test(
        "what is not a location is refused with status 64",
        arguments: [
            "", "gopher://h/x", "sftp:///nohost", "sftp://h/a?b", "sftp://h/a#b", "sftp://h/a%0Ab", "sftp://h:x/",
            "://",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: OperationError.self) { try RemoteLocation(text) }
        #expect(error?.status == .usage)
        #expect(error?.hint != nil)
    }
}

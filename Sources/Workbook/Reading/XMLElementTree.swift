import CExpat

/// An XML document as elements in memory: names, attributes, text. Without a document type, so without entities of its
/// own.
final class XMLElementTree {
    let name: String
    private let attributes: [String: String]
    private(set) var text = ""
    private var elements: [XMLElementTree] = []

    private init(name: String, attributes: [String: String]) {
        (self.name, self.attributes) = (name, attributes)
    }

    /// The root; nil when the bytes are no sound XML.
    static func root(of bytes: [UInt8]) -> XMLElementTree? {
        guard let count = Int32(exactly: bytes.count), let parser = XML_ParserCreate(nil) else { return nil }
        defer { XML_ParserFree(parser) }
        let builder = Builder(parser)
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser,
            { builder, name, attributes in if let name { Builder.of(builder)?.begin(name, attributes) } },
            { builder, _ in Builder.of(builder)?.end() })
        XML_SetCharacterDataHandler(parser) { builder, bytes, count in
            Builder.of(builder)?.add(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }
        XML_SetStartDoctypeDeclHandler(parser) { builder, _, _, _, _ in Builder.of(builder)?.stop() }
        let status = withExtendedLifetime(builder) {
            bytes.withUnsafeBytes { XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), count, 1) }
        }
        return status == XML_STATUS_OK ? builder.root : nil
    }

    subscript(attribute: String) -> String? { attributes[attribute] }

    func child(_ name: String) -> XMLElementTree? { elements.first { $0.name == name } }
    func children(_ name: String) -> [XMLElementTree] { elements.filter { $0.name == name } }

    /// What the parser's calls build.
    private final class Builder {
        private(set) var root: XMLElementTree?
        private var open: [XMLElementTree] = []
        private let parser: XML_Parser

        init(_ parser: XML_Parser) { self.parser = parser }

        /// The builder that a call is for, which lives as long as its parser.
        static func of(_ pointer: UnsafeMutableRawPointer?) -> Builder? {
            pointer.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() }
        }

        func begin(_ name: UnsafePointer<CChar>, _ list: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
            var attributes: [String: String] = [:]
            var index = 0
            // Names and values by turns, then NULL.
            while let list, let name = list[index], let value = list[index + 1] {
                attributes[String(cString: name)] = String(cString: value)
                index += 2
            }
            let full = String(cString: name)
            // Some programs write a prefix before every name of the sheet's own namespace.
            let local = full.split(separator: ":").last.map(String.init) ?? full
            let element = XMLElementTree(name: local, attributes: attributes)
            if let parent = open.last { parent.elements.append(element) } else { root = element }
            open.append(element)
        }

        func end() { open.removeLast() }

        func add(_ bytes: UnsafeRawBufferPointer) { open.last?.text += String(decoding: bytes, as: UTF8.self) }

        /// The parsing ends as one that failed.
        func stop() { XML_StopParser(parser, XML_Bool(XML_FALSE)) }
    }
}

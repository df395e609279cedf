import Foundation
import FoundationXML

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
    convenience init?(_ bytes: [UInt8]) {
        guard bytes.firstRange(of: Array("<!DOCTYPE".utf8)) == nil else { return nil }
        let parser = XMLParser(data: Data(bytes))
        let builder = Builder()
        parser.delegate = builder
        guard parser.parse(), let root = builder.root else { return nil }
        self.init(name: root.name, attributes: root.attributes)
        (text, elements) = (root.text, root.elements)
    }

    subscript(attribute: String) -> String? { attributes[attribute] }

    func child(_ name: String) -> XMLElementTree? { elements.first { $0.name == name } }
    func children(_ name: String) -> [XMLElementTree] { elements.filter { $0.name == name } }

    private final class Builder: NSObject, XMLParserDelegate {
        var root: XMLElementTree?
        private var open: [XMLElementTree] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            // Some programs write a prefix before every name of the sheet's own namespace.
            let local = name.split(separator: ":").last.map(String.init) ?? name
            let element = XMLElementTree(name: local, attributes: attributes)
            if let parent = open.last { parent.elements.append(element) } else { root = element }
            open.append(element)
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) { _ = open.popLast() }

        func parser(_ parser: XMLParser, foundCharacters characters: String) { open.last?.text += characters }

        func parser(_ parser: XMLParser, foundCDATA block: Data) {
            open.last?.text += String(decoding: block, as: UTF8.self)
        }
    }
}

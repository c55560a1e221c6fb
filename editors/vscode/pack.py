"""Pack the extension: `python3 pack.py [FOLDER]` writes soli-VERSION.vsix there. No network.

A .vsix is a ZIP file in the Open Packaging Conventions: a list of content types, a manifest, and
the files of the extension below `extension/`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HERE = Path(__file__).parent
TYPES = {
    "js": "application/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "vsixmanifest": "text/xml",
    "txt": "text/plain",
}
WHEN = (2020, 1, 1, 0, 0, 0)
"""The same bytes every time."""


def files(package: dict[str, object]) -> list[Path]:
    """What `files` in package.json names, folders with all that is in them."""
    found = []
    for name in package["files"]:  # type: ignore[attr-defined]
        path = HERE / name
        if not path.exists():
            raise SystemExit(f"pack.py: package.json lists {name}, which is not there")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in inside if one.is_file()]
    return found


def content_types() -> str:
    rows = "".join(
        f'<Default Extension=".{ending}" ContentType="{kind}"/>' for ending, kind in TYPES.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="{space}">{rows}</Types>\n'


def manifest(package: dict[str, str]) -> str:
    space = "http://schemas.microsoft.com/developer/vsx-schema"
    engine = package["engines"]["vscode"]  # type: ignore[index]
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="{space}/2011">
  <Metadata>
    <Identity Language="en-US" Id={quoteattr(package["name"])}
      Version={quoteattr(package["version"])} Publisher={quoteattr(package["publisher"])}/>
    <DisplayName>{escape(package["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(package["description"])}</Description>
    <Categories>{escape(",".join(package["categories"]))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={quoteattr(engine)}/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"
      Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md"
      Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt"
      Addressable="true"/>
  </Assets>
</PackageManifest>
"""


def pack(folder: Path) -> Path:
    """Write the package into *folder*. Its path."""
    package = json.loads((HERE / "package.json").read_text("utf-8"))
    target = folder / f"{package['name']}-{package['version']}.vsix"
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo("[Content_Types].xml", WHEN), content_types())
        archive.writestr(ZipInfo("extension.vsixmanifest", WHEN), manifest(package))
        for path in files(package):
            name = path.relative_to(HERE).as_posix()
            name = "LICENSE.txt" if name == "LICENSE" else name
            archive.writestr(ZipInfo(f"extension/{name}", WHEN), path.read_bytes())
    return target


if __name__ == "__main__":
    print(pack(Path(sys.argv[1]) if len(sys.argv) > 1 else Path()))

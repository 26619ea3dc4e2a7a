# Lo que el bot dice solo en X. Las publicaciones no llevan @nombres ni enlaces; X cuenta hasta 280.

## Junto a una pintura. De tres maneras, porque X rechaza publicaciones que se repiten.

x-painted = { $way ->
    [0] Pintada para ti. Responde con mi nombre y «otra vez», «más fuerte» o un estilo para tener otra; «basta» la retira.
    [1] Aquí está, con la pintura recién seca. Mi nombre y «otra vez», «más suave» o un estilo traen otra; «basta» la retira.
   *[other] Tu pintura. Escribe mi nombre y «otra vez» para otra, «más fuerte» o «más suave» para cambiarla; «basta» la quita.
}
x-alt = Una versión pintada a mano, en el estilo «{ $style }», de la foto de esta conversación.

## Nada que pintar; se dice como mucho una vez al día.

x-no-photo = Aquí no veo ninguna foto. Ponla en tu publicación o llámame en una respuesta a una.
x-photo-gone = No puedo ver la publicación a la que respondiste, así que no hay foto que pintar.
x-no-still = Es un vídeo sin imagen fija. Enséñame una foto, por favor.
x-parent-photos = Pinto fotos para quienes las publicaron. Publica una tuya, por favor.

## Mensajes directos.

x-message-help = Envíame aquí una foto y la pintaré. Después, «otra vez», «más fuerte», «más suave» o el nombre de un estilo te dan otra; con «basta» me olvido de ti.
x-message-stopped = Hecho: borré lo que tenía de ti y desde ahora dejaré tus fotos en paz.
